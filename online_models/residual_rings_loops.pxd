cimport cython
from libc cimport math
from libc.stdint cimport int16_t, uint8_t

cdef double GRAIN, GRAINS_MAX, BENT, SLOPE, MEANS
cdef Py_ssize_t TRUSTED, MIDDLE, UNFILLED_GRAINS


@cython.locals(one=Py_ssize_t, row=Py_ssize_t, grains=double)
cpdef void insert(double[:, ::1] scaled, uint8_t[::1] is_broken, int16_t[:, :, ::1] ordered, uint8_t[:, :, ::1] ages, Py_ssize_t[:, ::1] counts,
                  Py_ssize_t every, Py_ssize_t periods)

@cython.locals(place=Py_ssize_t)
cdef void _clear(Py_ssize_t one, Py_ssize_t row, int16_t[:, :, ::1] ordered, Py_ssize_t[:, ::1] counts)

@cython.locals(size=Py_ssize_t, count=Py_ssize_t, turn=Py_ssize_t, begun=Py_ssize_t, place=Py_ssize_t,
               other=Py_ssize_t, held=Py_ssize_t)
cdef void _put(int value, Py_ssize_t one, Py_ssize_t row, int16_t[:, :, ::1] ordered, uint8_t[:, :, ::1] ages,
               Py_ssize_t[:, ::1] counts)

@cython.locals(one=Py_ssize_t)
cpdef void smooth(double[::1] values, double rate, double[::1] volume)

@cython.locals(kind=Py_ssize_t, row=Py_ssize_t, level=Py_ssize_t, share=double, moved=double)
cpdef void correct(double[:, ::1] scaled, double[:, :, ::1] table, uint8_t[:, ::1] is_known, Py_ssize_t[::1] classes,
                   double[::1] levels, double[::1] low, double[::1] high, double step, double[:, :, ::1] offsets)

@cython.locals(below=double, count=double, one=Py_ssize_t)
cdef double _below(double[:, ::1] scaled, double[:, :, ::1] table, uint8_t[:, ::1] is_known, Py_ssize_t[::1] classes,
                   Py_ssize_t kind, Py_ssize_t row, Py_ssize_t level)

@cython.locals(size=Py_ssize_t, one=Py_ssize_t, row=Py_ssize_t, kind=Py_ssize_t, count=Py_ssize_t, trusted=bint,
               own_share=double, shared_share=double, middle=double, other=double, before=double, level=Py_ssize_t, at=double, own=double)
cpdef void look(int16_t[:, :, ::1] ordered, Py_ssize_t[:, ::1] counts, double[:, :, ::1] shared,
                double[:, ::1] shared_count, double[:, :, ::1] offsets, Py_ssize_t[::1] classes, double[::1] levels,
                double[::1] low, double[::1] high, double[:, ::1] overlaps, double[::1] halves,
                double[:, :, ::1] table, uint8_t[:, ::1] is_known)

cdef double _normal(double level)

@cython.locals(rank=double, place=Py_ssize_t, below=double, above=double)
cdef double _own(double level, Py_ssize_t count, Py_ssize_t one, Py_ssize_t row, int16_t[:, :, ::1] ordered)
