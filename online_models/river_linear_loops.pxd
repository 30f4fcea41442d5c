cimport cython

cdef double SCALED_MAX

@cython.locals(
    steps=Py_ssize_t, step=Py_ssize_t, place=Py_ssize_t, lag=Py_ssize_t, value=double, miss=double, before=double,
    told="double[::1]",
)
cpdef void follow(
    double[::1] known, double[::1] learnt, long long[::1] places, long long[::1] lags, float[::1] misses,
    Py_ssize_t periods, double ratio, double scale, double[::1] path,
)

@cython.locals(place=Py_ssize_t, total=double)
cpdef double summed(double[::1] learnt, long long[::1] places, double[::1] values)

@cython.locals(size=Py_ssize_t, scaled=double, found=double)
cdef double _added(double[::1] learnt, Py_ssize_t place, double value)
