cimport cython
from libc.stdint cimport uint8_t

cdef double NOTHING
cdef int BOUND, CLOSED

cdef class Waits:
    cdef Py_ssize_t[:, ::1] delays
    cdef Py_ssize_t[::1] firsts
    cdef float[:, ::1] waiting, kept
    cdef uint8_t[:, ::1] kept_bounds
    cdef double[:, ::1] said, came

    cpdef void meet(self, double[::1] values, uint8_t[::1] is_bound, int is_closed, Py_ssize_t periods)
    cpdef void keep_said(self, double[:, ::1] paths, Py_ssize_t periods)

@cython.locals(one=Py_ssize_t, row=Py_ssize_t, last=Py_ssize_t, lead=Py_ssize_t, bound=int,
               value=double, before=double, known=bint)
cpdef void meet(double[::1] values, uint8_t[::1] is_bound, int is_closed, Py_ssize_t[:, ::1] delays,
                Py_ssize_t[::1] firsts, float[:, ::1] waiting, float[:, ::1] kept, uint8_t[:, ::1] kept_bounds,
                Py_ssize_t periods, double[:, ::1] said, double[:, ::1] came)

@cython.locals(total=double, place=Py_ssize_t)
cdef double _summed(float[:, ::1] kept, Py_ssize_t one, Py_ssize_t lead)

@cython.locals(bounds=int, closed=int, place=Py_ssize_t)
cdef int _how(uint8_t[:, ::1] kept_bounds, Py_ssize_t one, Py_ssize_t lead)

@cython.locals(one=Py_ssize_t, row=Py_ssize_t, step=Py_ssize_t, last=Py_ssize_t, lead=Py_ssize_t, delay=Py_ssize_t,
               total=double)
cpdef void keep_said(double[:, ::1] paths, Py_ssize_t[:, ::1] delays, Py_ssize_t[::1] firsts, float[:, ::1] waiting,
                     Py_ssize_t periods)
