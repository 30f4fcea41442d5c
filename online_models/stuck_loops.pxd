cimport cython

cdef double CHANCE_MIN, MEMORY_PERIODS, KNOWN_MIN
cdef Py_ssize_t CHANGES, LAST, REPEATS, RUN

@cython.locals(one=Py_ssize_t, value=double, last=double, same=bint, run=double, total=double)
cpdef void mask(double[::1] values, double[:, ::1] kept, Py_ssize_t week, double[::1] found)
