cimport cython
from libc.stdint cimport uint8_t

cdef int AWAY, BACK

cdef class Verdicts:
    cdef double[::1] levels, count, limits
    cdef double[:, :, ::1] said
    cdef double[:, ::1] loss
    cdef uint8_t[::1] rolled_back, is_broken, found

    @cython.locals(level=Py_ssize_t, total=double)
    cpdef void hear(self, Py_ssize_t place, double[:, :] quantiles)

    @cython.locals(level=Py_ssize_t)
    cpdef void hear_nothing(self, Py_ssize_t place)

    @cython.locals(one=Py_ssize_t, is_any=bint)
    cpdef bint judge(self, double[::1] came)

    @cython.locals(learned=double, simple=double, rate=double)
    cdef void compare(self, Py_ssize_t one, double came)

    @cython.locals(total=double, level=Py_ssize_t, missed=double, over=double, lost=double)
    cdef double lost(self, Py_ssize_t model, Py_ssize_t one, double came)

    @cython.locals(learned=double, simple=double, slack=double, is_judged=bint, is_worse=bint)
    cdef int verdict(self, Py_ssize_t one)
