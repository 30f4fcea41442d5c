cimport cython
from libc cimport math
from libc.stdint cimport int16_t, uint8_t

cdef double GRAIN, GRAINS_MAX, BENT, SLOPE, MEANS
cdef Py_ssize_t TRUSTED, MIDDLE, UNFILLED_GRAINS

cdef class Rings:
    cdef int16_t[:, :, ::1] ordered
    cdef uint8_t[:, :, ::1] ages
    cdef Py_ssize_t[:, ::1] counts
    cdef double[:, :, ::1] shared, offsets, table, at, normal
    cdef double[:, ::1] shared_count, overlaps
    cdef Py_ssize_t[::1] classes
    cdef double[::1] volume, levels, low, high, halves
    cdef uint8_t[:, ::1] is_known
    cdef double rate, step
    cdef Py_ssize_t every

    cpdef void learn(self, double[:, ::1] scaled, uint8_t[::1] is_broken, double[::1] values, Py_ssize_t periods)
    cpdef void look(self)

@cython.locals(one=Py_ssize_t, row=Py_ssize_t, grains=double)
cdef void _insert(double[:, ::1] scaled, uint8_t[::1] is_broken, int16_t[:, :, ::1] ordered, uint8_t[:, :, ::1] ages, Py_ssize_t[:, ::1] counts,
                  Py_ssize_t every, Py_ssize_t periods)

@cython.locals(place=Py_ssize_t)
cdef void _clear(Py_ssize_t one, Py_ssize_t row, int16_t[:, :, ::1] ordered, Py_ssize_t[:, ::1] counts)

@cython.locals(size=Py_ssize_t, count=Py_ssize_t, turn=Py_ssize_t, begun=Py_ssize_t, place=Py_ssize_t,
               other=Py_ssize_t, held=Py_ssize_t)
cdef void _put(int value, Py_ssize_t one, Py_ssize_t row, int16_t[:, :, ::1] ordered, uint8_t[:, :, ::1] ages,
               Py_ssize_t[:, ::1] counts)

@cython.locals(one=Py_ssize_t)
cdef void _smooth(double[::1] values, double rate, double[::1] volume)

@cython.locals(kind=Py_ssize_t, row=Py_ssize_t, level=Py_ssize_t, share=double, moved=double)
cdef void _correct(double[:, ::1] scaled, double[:, :, ::1] table, uint8_t[:, ::1] is_known, Py_ssize_t[::1] classes,
                   double[::1] levels, double[::1] low, double[::1] high, double step, double[:, :, ::1] offsets)

@cython.locals(below=double, count=double, one=Py_ssize_t)
cdef double _below(double[:, ::1] scaled, double[:, :, ::1] table, uint8_t[:, ::1] is_known, Py_ssize_t[::1] classes,
                   Py_ssize_t kind, Py_ssize_t row, Py_ssize_t level)

@cython.locals(kind=Py_ssize_t, row=Py_ssize_t, level=Py_ssize_t, corrected=double)
cdef void _normals(double[::1] levels, double[:, :, ::1] offsets, double[::1] low, double[::1] high,
                   double[:, :, ::1] at, double[:, :, ::1] normal)

@cython.locals(size=Py_ssize_t, one=Py_ssize_t, row=Py_ssize_t, kind=Py_ssize_t, count=Py_ssize_t, trusted=bint,
               own_share=double, shared_share=double, middle=double, other=double, before=double, level=Py_ssize_t,
               guess=double, own=double)
cdef void _look(int16_t[:, :, ::1] ordered, Py_ssize_t[:, ::1] counts, double[:, :, ::1] shared,
                double[:, ::1] shared_count, double[:, :, ::1] at, double[:, :, ::1] normal, Py_ssize_t[::1] classes,
                double[:, ::1] overlaps, double[::1] halves, double[:, :, ::1] table, uint8_t[:, ::1] is_known)

cdef double _normal(double level)

@cython.locals(rank=double, place=Py_ssize_t, below=double, above=double)
cdef double _own(double level, Py_ssize_t count, Py_ssize_t one, Py_ssize_t row, int16_t[:, :, ::1] ordered)
