cimport cython
from libc cimport math
from libc.stdint cimport uint8_t

cdef double FAST_RATE, USUAL_RATE, MISS_MAX, RECENT_LEAST, USUAL_LEAST, TILT_MAX, WEIGHT_MAX, PRIOR, FORGET
cdef double BORROWED, TRUSTED, FEW, UNIT_MIN, BREAK, SHOCK_MAX, SHOCK_RATE
cdef double NOTHING
cdef Py_ssize_t LOWER, UPPER

cdef class Scales:
    cdef Py_ssize_t[:, ::1] delays
    cdef Py_ssize_t[::1] sides, slots
    cdef double rate
    cdef double[::1] levels, fast, shock, recent
    cdef double[:, ::1] overlaps, slow, seen, weights, sizes, unit, scaled
    cdef float[:, ::1] fast_said
    cdef float[:, :, ::1] usual
    cdef uint8_t[::1] is_broken

    @cython.locals(row=Py_ssize_t, one=Py_ssize_t, slot=Py_ssize_t, longest=Py_ssize_t)
    cpdef void learn(self, Py_ssize_t slot_of_week, double[:, ::1] roots, double[:, :, ::1] table, Py_ssize_t periods)

    @cython.locals(longest=Py_ssize_t, recent=double, hour=double, tilt=double, base=double)
    cdef void learn_miss(self, Py_ssize_t one, Py_ssize_t row, Py_ssize_t slot, double root, double[:, :, ::1] table,
                         Py_ssize_t periods)

    @cython.locals(furthest=Py_ssize_t, of_late=double, of_slot=double, side=Py_ssize_t, held=double)
    cdef void learn_usual(self, Py_ssize_t one, Py_ssize_t row, Py_ssize_t slot, double miss, double recent, double hour)

    @cython.locals(row=Py_ssize_t, slot=Py_ssize_t)
    cdef void begin_anew(self, Py_ssize_t one)

    @cython.locals(low=double, high=double, pull=double, which=Py_ssize_t, step=double)
    cdef void weigh(self, Py_ssize_t one, Py_ssize_t row, double scaled, double recent, double hour,
                    double[:, :, ::1] table)

    @cython.locals(rate=double)
    cdef void spread(self, Py_ssize_t one, Py_ssize_t row, double flat, double base)

    @cython.locals(row=Py_ssize_t, one=Py_ssize_t, total=double, count=double, known=double, typical=double,
                   own=double, mixed=double, borrowed=double)
    cpdef void refresh(self)

cpdef double tilted(double first, double second, double recent, double hour)

cdef double _recently(double fast)
