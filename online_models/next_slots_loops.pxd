cimport cython

@cython.locals(has_holidays=bint, place=Py_ssize_t)
cpdef bint lie(tuple slots, Py_ssize_t[:, ::1] found)
