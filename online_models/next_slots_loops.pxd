cimport cython

@cython.locals(place=Py_ssize_t)
cpdef void lie(tuple slots, Py_ssize_t[:, ::1] found)
