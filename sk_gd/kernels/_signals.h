/* How a loop that does without Python's lock lets signals through, such as that of Ctrl-C. */
#ifndef SK_GD_SIGNALS_H
#define SK_GD_SIGNALS_H

#include <Python.h>

#include <stddef.h>

#include "_compiler.h"

/* Multiplications after which it looks: thousandths of a second, or some hundredths on sparse rows. */
enum { PATIENCE = 1 << 21 };

/* What a kernel returns that was ended by a signal; the exception is set. */
#define INTERRUPTED (-1.0)

/* Counts the work of the loop; nonzero where a signal is to end it. */
INLINE int interrupted(ptrdiff_t *work, ptrdiff_t more)
{
    if ((*work += more) < PATIENCE)
        return 0;
    *work = 0;
    const PyGILState_STATE state = PyGILState_Ensure();
    const int raised = PyErr_CheckSignals();
    PyGILState_Release(state);
    return raised;
}

#endif
