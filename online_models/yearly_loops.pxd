cimport cython

cdef Py_ssize_t MONTH, FORTNIGHT

@cython.locals(one=Py_ssize_t)
cpdef void hear(double[::1] values, double[:, ::1] opened)

@cython.locals(one=Py_ssize_t)
cpdef void close_day(Py_ssize_t day, double[:, ::1] opened, float[:, :, ::1] days)

@cython.locals(one=Py_ssize_t, step=Py_ssize_t, target=Py_ssize_t, before=Py_ssize_t, here=double, there=double)
cpdef void move(Py_ssize_t[::1] targets, Py_ssize_t today, float[:, :, ::1] days, double[::1] limits, double[:, ::1] path)

@cython.locals(
    length=Py_ssize_t, total=double, known=double, step=Py_ssize_t, place=Py_ssize_t, is_past=bint, value=double,
)
cdef double _mean(
    Py_ssize_t one, Py_ssize_t day, Py_ssize_t today, Py_ssize_t back, Py_ssize_t on, float[:, :, ::1] days, double least,
)

@cython.locals(ratio=double)
cdef double _ratio(double here, double there, double largest)
