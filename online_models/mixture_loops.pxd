cimport cython

cdef double ROOTED, EVIDENCE_MAX, WAY

@cython.locals(
    found=bint, one=Py_ssize_t, knot=Py_ssize_t, place=Py_ssize_t, came=double, mixed=double, root=double,
)
cpdef bint score(
    float[:, :, :, ::1] said, Py_ssize_t periods, Py_ssize_t[::1] knots, double[::1] values,
    double[:, :, ::1] regret, double[:, :, ::1] square, double[:, ::1] error, double[:, ::1] count, double rate,
)

@cython.locals(model=Py_ssize_t, told=double, step=double)
cdef void _regretted(
    float[:, :, :, ::1] said, Py_ssize_t place, Py_ssize_t knot, Py_ssize_t one, double root, double came,
    double[:, :, ::1] regret, double[:, :, ::1] square, double rate,
)

@cython.locals(knot=Py_ssize_t, model=Py_ssize_t, one=Py_ssize_t, pool=double, own=double)
cpdef void weigh(
    double[:, :, ::1] regret, double[:, :, ::1] square, double[:, ::1] error, double rate, double[:, :, ::1] weights,
)

@cython.locals(one=Py_ssize_t, total=double, spread=double, unit=double)
cdef double _shared(
    Py_ssize_t model, Py_ssize_t knot, double[:, :, ::1] regret, double[:, :, ::1] square, double[:, ::1] error,
)

cdef double _evidence(double regret, double square)

@cython.locals(whole=bint, one=Py_ssize_t, step=Py_ssize_t, mean=double)
cpdef bint mix(
    double[:, :, ::1] said, double[:, :, ::1] weights, Py_ssize_t[::1] near, Py_ssize_t[::1] far, double[::1] way,
    double[:, ::1] mixed,
)

@cython.locals(model=Py_ssize_t, total=double, weighed=double, told=double, weight=double)
cdef double _mean(
    double[:, :, ::1] said, double[:, :, ::1] weights, Py_ssize_t one, Py_ssize_t step, Py_ssize_t near,
    Py_ssize_t far, double way,
)

@cython.locals(knot=Py_ssize_t)
cpdef void remember(double[:, :, ::1] said, double[:, ::1] mixed, Py_ssize_t[::1] knots, float[:, :, ::1] kept)

@cython.locals(models=Py_ssize_t, one=Py_ssize_t, model=Py_ssize_t, told=double)
cdef void _remember(
    double[:, :, ::1] said, double[:, ::1] mixed, Py_ssize_t knot, Py_ssize_t step, float[:, :, ::1] kept,
)
