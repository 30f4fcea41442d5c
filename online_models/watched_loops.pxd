cimport cython

@cython.locals(
    one=Py_ssize_t, model=Py_ssize_t, level=Py_ssize_t, total=double, missed=double, rate=double, lost="double[2]",
)
cpdef void compare(
    double[::1] came, double[::1] levels, double[:, :, ::1] said, double[:, ::1] loss, double[::1] count,
    double memory_periods,
)
