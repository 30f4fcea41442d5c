cimport cython

cdef double GRADIENT_MAX, LEARNING_RATE, SCALED_MAX, SHRINKAGE
cdef Py_ssize_t EXAMPLES, MEAN, VARIANCE, WEIGHT

cdef class Linears:
    cdef double[:, :, ::1] learnt
    cdef double[::1] intercepts, values
    cdef Py_ssize_t[::1] columns

    cdef void put(self, Py_ssize_t at, Py_ssize_t column, double value)

    @cython.locals(at=Py_ssize_t, energy=double, predicted=double, value=double, start=double, gradient=double,
                   weight=double)
    cdef void learn(self, Py_ssize_t one, Py_ssize_t count, double target)

    @cython.locals(seen=double, before=double, mean=double, variance=double, found=double)
    cdef double scaled(self, Py_ssize_t one, Py_ssize_t column, double value)

    @cython.locals(total=double, column=Py_ssize_t)
    cdef void keep_finite(self, Py_ssize_t one)

    @cython.locals(found=double)
    cdef double per_deviation(self, Py_ssize_t one, Py_ssize_t column)

    @cython.locals(scaled=double, found=double)
    cdef double added(self, Py_ssize_t one, Py_ssize_t column, double per_deviation, double value)
