cimport cython
from libc.math cimport isnan
from libc.stdint cimport uint8_t


@cython.locals(size=Py_ssize_t, one=Py_ssize_t, row=Py_ssize_t)
cpdef void insert(double[:, ::1] scaled, float[:, :, ::1] ordered, uint8_t[:, :, ::1] ages, Py_ssize_t[:, ::1] counts,
                  Py_ssize_t every, Py_ssize_t periods)

@cython.locals(count=Py_ssize_t, turn=Py_ssize_t, place=Py_ssize_t, shift=Py_ssize_t, other=Py_ssize_t, held=Py_ssize_t)
cdef void _put(double value, Py_ssize_t one, Py_ssize_t row, Py_ssize_t size, float[:, :, ::1] ordered,
               uint8_t[:, :, ::1] ages, Py_ssize_t[:, ::1] counts)

@cython.locals(kind=Py_ssize_t, row=Py_ssize_t, level=Py_ssize_t, one=Py_ssize_t, counted=bint, below=double,
               count=double, moved=double)
cpdef void correct(double[:, ::1] scaled, double[:, :, ::1] table, uint8_t[:, ::1] is_known, Py_ssize_t[::1] classes,
                   double[::1] levels, double[::1] low, double[::1] high, double step, double[:, :, ::1] offsets)

@cython.locals(size=Py_ssize_t, one=Py_ssize_t, row=Py_ssize_t, kind=Py_ssize_t, count=Py_ssize_t, trusted=bint,
               share=double, before=double, level=Py_ssize_t, at=double, rank=double, place=Py_ssize_t, value=double,
               after=double)
cpdef void look(float[:, :, ::1] ordered, Py_ssize_t[:, ::1] counts, double[:, :, ::1] shared,
                double[:, ::1] shared_count, double[:, :, ::1] offsets, Py_ssize_t[::1] classes, double[::1] levels,
                double[::1] low, double[::1] high, double own_half, double[:, :, ::1] table, uint8_t[:, ::1] is_known)
