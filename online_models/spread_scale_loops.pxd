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

    cpdef void learn(self, Py_ssize_t slot_of_week, double[:, ::1] roots, double[:, :, ::1] table, Py_ssize_t periods)

@cython.locals(rows=Py_ssize_t, longest=Py_ssize_t, row=Py_ssize_t, one=Py_ssize_t, before=double, recent=double,
               hour=double, tilt=double, base=double)
cpdef void learn_scale(double[:, ::1] roots, Py_ssize_t[:, ::1] delays, double[:, ::1] overlaps, Py_ssize_t[::1] sides, Py_ssize_t periods,
                       Py_ssize_t slot, double rate, double[:, :, ::1] table, double[::1] levels, double[:, ::1] slow,
                       double[:, ::1] seen, double[::1] fast, double[::1] shock, float[:, ::1] fast_said, float[:, :, ::1] usual,
                       double[:, ::1] weights, double[:, ::1] sizes, double[:, ::1] unit,
                       double[::1] recent_now, double[:, ::1] scaled, uint8_t[::1] is_broken)

@cython.locals(row=Py_ssize_t, slot=Py_ssize_t)
cdef void _begin_anew(Py_ssize_t one, double[:, ::1] seen, double[::1] fast, double[::1] shock,
                      float[:, :, ::1] usual)

cpdef double tilted(double first, double second, double recent, double hour)

@cython.locals(of_late=double, of_slot=double, side=Py_ssize_t, held=double)
cdef void _usually(double miss, double recent, double hour, Py_ssize_t one, Py_ssize_t row, Py_ssize_t rows,
                   Py_ssize_t slot, double[:, ::1] weights, double[::1] fast, double[::1] shock, float[:, :, ::1] usual)

@cython.locals(low=double, high=double, pull=double)
cdef void _weigh(double scaled, double recent, double hour, Py_ssize_t one, Py_ssize_t row, double[:, :, ::1] table,
                 double[::1] levels, double[:, ::1] weights, double[:, ::1] sizes)

cdef void _spread(double flat, double base, double rate, Py_ssize_t one, Py_ssize_t row, double[:, ::1] slow,
                  double[:, ::1] seen)

@cython.locals(row=Py_ssize_t, one=Py_ssize_t, total=double, count=double, known=double, typical=double, own=double,
               mixed=double, borrowed=double)
cpdef void refresh(double[:, ::1] slow, double[:, ::1] seen, double[::1] fast, double[:, ::1] overlaps,
                   double[:, ::1] unit, double[::1] recent)

cdef double _recently(double fast)
