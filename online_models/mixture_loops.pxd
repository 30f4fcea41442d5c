cimport cython

cdef double ROOTED, WORSE_MAX

@cython.locals(found=bint, one=Py_ssize_t, knot=Py_ssize_t, place=Py_ssize_t, came=double)
cpdef bint score(
    double[:, :, :, ::1] said, Py_ssize_t periods, Py_ssize_t[::1] knots, double[::1] values, double[:, :, ::1] loss,
    double[:, :, ::1] count, double rate,
)

@cython.locals(found=bint, model=Py_ssize_t, told=double, miss=double, step=double)
cdef bint _held(
    double[:, :, :, ::1] said, Py_ssize_t place, Py_ssize_t knot, Py_ssize_t one, double came, double[:, :, ::1] loss,
    double[:, :, ::1] count, double rate,
)

@cython.locals(
    models=Py_ssize_t, series=Py_ssize_t, knot=Py_ssize_t, model=Py_ssize_t, one=Py_ssize_t, total=double, told=double,
    known=double, pool_least=double, least=double, evidence=double, pool="double[::1]", seen="double[::1]",
)
cpdef void weigh(double[:, :, ::1] loss, double[:, :, ::1] count, double share, double memory, double rate, double[:, :, ::1] weights)

cdef double _worse(double loss, double least)

@cython.locals(one=Py_ssize_t, step=Py_ssize_t)
cpdef void mix(
    double[:, :, ::1] said, double[:, :, ::1] weights, Py_ssize_t[::1] near, Py_ssize_t[::1] far, double[::1] way,
    double[:, ::1] mixed,
)

@cython.locals(model=Py_ssize_t, total=double, weighed=double, told=double, weight=double)
cdef double _mean(
    double[:, :, ::1] said, double[:, :, ::1] weights, Py_ssize_t one, Py_ssize_t step, Py_ssize_t near,
    Py_ssize_t far, double way,
)
