cimport cython
from libc.stdint cimport uint8_t

cdef Py_ssize_t COUNT, DEMAND, EXPECTED, SCALE, SURPRISES, RUN, SEEN_MAX
cdef double LEVEL_RATIO_MAX, BELIEVED_MAX, IN_A_ROW_MAX, SCALE_RATE, UNIT_SHARE, UNIT_MIN

cdef class Levels:
    cdef float[:, ::1] profile
    cdef uint8_t[:, ::1] seen
    cdef double[:, ::1] numbers
    cdef Py_ssize_t per_day
    cdef double rate, begun

    cdef double demand(self, Py_ssize_t one)
    cdef bint is_ready(self, Py_ssize_t one)

    @cython.locals(found=double)
    cdef double at(self, Py_ssize_t one, Py_ssize_t slot)

    @cython.locals(ratio=double)
    cdef double ratio(self, Py_ssize_t one)

    cdef double unit(self, Py_ssize_t one)

    @cython.locals(known=double, limit=double, side=double, run=double, rate=double)
    cdef double believed(self, Py_ssize_t one, double miss)

    @cython.locals(expected=double, rate=double, step=double, seen=Py_ssize_t)
    cdef void learn(self, Py_ssize_t one, Py_ssize_t slot, double value)

    @cython.locals(other=Py_ssize_t)
    cdef void lend(self, Py_ssize_t one, Py_ssize_t slot, double value)
