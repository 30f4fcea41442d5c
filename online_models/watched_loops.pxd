cimport cython
from libc.stdint cimport uint8_t

@cython.locals(
    one=Py_ssize_t, model=Py_ssize_t, level=Py_ssize_t, total=double, missed=double, rate=double, lost="double[2]",
)
cpdef void compare(
    double[::1] came, double[::1] levels, double[:, :, ::1] said, double[:, ::1] loss, double[::1] count,
    double memory_periods,
)

@cython.locals(one=Py_ssize_t, learned=double, simple=double, slack=double, is_judged=bint)
cpdef void judge(
    double[:, ::1] loss, double[::1] count, uint8_t[::1] rolled_back, uint8_t[::1] is_broken, double[::1] limits,
    uint8_t[::1] verdicts,
)
