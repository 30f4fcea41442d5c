cimport cython

cdef double GRADIENT_MAX, LEARNING_RATE, SCALED_MAX, SHRINKAGE

@cython.locals(
    size=Py_ssize_t, count=Py_ssize_t, one=Py_ssize_t, place=Py_ssize_t, energy=double, predicted=double,
    gradient=double, total=double, intercept=double, scaled="double[::1]",
)
cpdef double learn(
    double[::1] learnt, long long[::1] places, double[::1] values, double target, double start,
)

@cython.locals(before=double, spread=double, scaled=double)
cdef double _scaled(double[::1] learnt, Py_ssize_t size, Py_ssize_t place, double value)
