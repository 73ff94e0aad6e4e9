/* EP, the "embarrassingly parallel" kernel of the NAS Parallel Benchmarks (Bailey and others,
 * RNR-94-007): pairs of Gaussian deviates from uniform ones, counted in square annuli.
 *
 *     mpiexec -n N ep CLASS             one run, reported as by NPB 3.4
 *     mpiexec -n N ep -repeat CLASS     again and again until SIGTERM: background load
 *
 * CLASS is S, W, A, B, C or D: 2^24, 2^25, 2^28, 2^30, 2^32, 2^36 pairs. With -DNO_MPI the same
 * source is a program of one process that needs no MPI. Needs -lm.
 *
 * -repeat prints ` EP repeat started:` once every process has computed a batch, and a line a step,
 * each flushed: its start by rank 0's clock (seconds, CLOCK_MONOTONIC: a guest's wall clock may
 * step), its end, so much later as the slowest process took, pairs, Mop/s, and UNFINISHED or, where
 * it ends a run of the class, its verification. A step is 2^24 pairs a process, or what is left of
 * the class: large classes tell their speed as often as small ones. SIGTERM to any process ends all
 * of them within half a second, with status 0; the step that it cut short is not reported. */
#include <math.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#ifdef NO_MPI
enum { rank = 0, processes = 1 };
static void begin(int *argc, char ***argv) { (void)argc, (void)argv; }
static void end(void) {}
static void barrier(void) {}
static void sum_of_all(double *values, int count) { (void)values, (void)count; }
static double most_of_all(double value) { return value; }
static int told_to_stop(void) { return 0; }
static void tell_to_stop(void) {}
static void take_what_was_told(void) {}
#else
#include <mpi.h>
enum { STOP = 46 };
static int rank, processes, told_others, told_by;
static void begin(int *argc, char ***argv)
{
    MPI_Init(argc, argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &processes);
}
static void end(void) { MPI_Finalize(); }
static void barrier(void) { MPI_Barrier(MPI_COMM_WORLD); }
static void sum_of_all(double *values, int count)
{
    MPI_Allreduce(MPI_IN_PLACE, values, count, MPI_DOUBLE, MPI_SUM, MPI_COMM_WORLD);
}
static double most_of_all(double value)
{
    MPI_Allreduce(MPI_IN_PLACE, &value, 1, MPI_DOUBLE, MPI_MAX, MPI_COMM_WORLD);
    return value;
}
static void hear(void)
{
    MPI_Recv(NULL, 0, MPI_BYTE, MPI_ANY_SOURCE, STOP, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    told_by++;
}
static int told_to_stop(void)
{
    int waiting = 0;
    MPI_Iprobe(MPI_ANY_SOURCE, STOP, MPI_COMM_WORLD, &waiting, MPI_STATUS_IGNORE);
    if (waiting)
        hear();
    return waiting;
}
static void tell_to_stop(void)
{
    for (int other = 0; other < processes && !told_others; other++) {
        if (other != rank)
            MPI_Send(NULL, 0, MPI_BYTE, other, STOP, MPI_COMM_WORLD);
    }
    told_others = 1;
}
/* MPI_Finalize must find no message that nobody received. */
static void take_what_was_told(void)
{
    double tellers = told_others;
    sum_of_all(&tellers, 1);
    while (told_by < (int)tellers - told_others)
        hear();
}
#endif

#define MASK ((UINT64_C(1) << 46) - 1)
static const uint64_t MULTIPLIER = 1220703125; /* 5^13 */
static const uint64_t SEED = 271828183;
static const double TOLERANCE = 1e-8;
enum {
    BATCH = 1 << 16,   /* pairs, a millisecond or so */
    BLOCK = 256,       /* pairs at a time, so that they stay in the cache */
    LISTEN = 32,       /* batches between two looks for word to stop */
    STEP = 256,        /* batches a process in a step: what one process has of class S */
    ANNULI = 10,
    SX = ANNULI,       /* places in the sums */
    SY,
    SUMS
};

static const struct class {
    char name;
    int log_pairs;
    double sx, sy; /* NPB's ep.f, verify values */
} classes[] = {
    {'S', 24, -3.247834652034740e3, -6.958407078382297e3},
    {'W', 25, -2.863319731645753e3, -6.320053679109499e3},
    {'A', 28, -4.295875165629892e3, -1.580732573678431e4},
    {'B', 30, 4.033815542441498e4, -2.660669192809235e4},
    {'C', 32, 4.764367927995374e4, -8.084072988043731e4},
    {'D', 36, 1.982481200946593e5, -1.020596636361769e5},
};

static volatile sig_atomic_t terminated;

static void on_sigterm(int number)
{
    (void)number;
    terminated = 1;
}

static void stop(const char *what, const char *value)
{
    if (rank == 0)
        fprintf(stderr, "ep: %s%s: expected [-repeat] and a class, one of S W A B C D\n", what, value);
    end();
    exit(2);
}

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* MULTIPLIER to the power of `exponent`, modulo 2^46. */
static uint64_t power(uint64_t exponent)
{
    uint64_t result = 1, factor = MULTIPLIER;
    for (; exponent; exponent >>= 1) {
        if (exponent & 1)
            result = result * factor & MASK;
        factor = factor * factor & MASK;
    }
    return result;
}

static void compute_batch(uint64_t batch, double *sums)
{
    uint64_t x = SEED * power(2 * BATCH * batch) & MASK;
    for (int block = 0; block < BATCH; block += BLOCK) {
        double u[BLOCK], v[BLOCK], t[BLOCK];
        int accepted = 0;
        /* Without a branch, which would be mispredicted for one pair in five. */
        for (int i = 0; i < BLOCK; i++) {
            x = x * MULTIPLIER & MASK;
            u[accepted] = 2 * ((double)(int64_t)x * 0x1p-46) - 1;
            x = x * MULTIPLIER & MASK;
            v[accepted] = 2 * ((double)(int64_t)x * 0x1p-46) - 1;
            t[accepted] = u[accepted] * u[accepted] + v[accepted] * v[accepted];
            accepted += t[accepted] <= 1;
        }
        for (int i = 0; i < accepted; i++) {
            double factor = sqrt(-2 * log(t[i]) / t[i]);
            double gx = u[i] * factor, gy = v[i] * factor;
            sums[SX] += gx;
            sums[SY] += gy;
            sums[(int)fmax(fabs(gx), fabs(gy))]++;
        }
    }
}

static uint64_t batches_of(const struct class *size)
{
    return (UINT64_C(1) << size->log_pairs) / BATCH;
}

/* This process's part of the batches from `first` to before `past`; 0 when it was to stop before
 * their end. */
static int compute(uint64_t first, uint64_t past, double *sums)
{
    int done = 0;
    for (uint64_t batch = first + (uint64_t)rank; batch < past; batch += (uint64_t)processes) {
        if (terminated || (++done % LISTEN == 0 && told_to_stop())) {
            terminated = 1;
            tell_to_stop();
            return 0;
        }
        compute_batch(batch, sums);
    }
    return 1;
}

static int verified(const struct class *size, const double *sums)
{
    return fabs((sums[SX] - size->sx) / size->sx) <= TOLERANCE &&
           fabs((sums[SY] - size->sy) / size->sy) <= TOLERANCE;
}

static double mops(uint64_t batches, double seconds)
{
    return 2.0 * BATCH * (double)batches / seconds / 1e6;
}

static void report(const struct class *size, const double *sums, double seconds)
{
    double pairs = 0, rate = mops(batches_of(size), seconds);
    for (int i = 0; i < ANNULI; i++)
        pairs += sums[i];
    printf("\n\n vcperf EP (algorithm and format of NAS Parallel Benchmarks 3.4 -- EP Benchmark)\n\n");
    printf(" Number of random numbers generated: %15.0f\n", ldexp(1.0, size->log_pairs + 1));
    printf(" Number of active processes:         %15d\n\n", processes);
    printf("EP Benchmark Results:\n\nCPU Time =%10.4f\nN = 2^%5d\n", seconds, size->log_pairs);
    printf("No. Gaussian Pairs =%14.0f.\nSums = %25.15E%25.15E\nCounts:\n", pairs, sums[SX], sums[SY]);
    for (int i = 0; i < ANNULI; i++)
        printf("%3d%14.0f.\n", i, sums[i]);
    printf("\n\n EP Benchmark Completed.\n");
    printf(" Class           = %24c\n", size->name);
    printf(" Size            = %24.0f\n", ldexp(1.0, size->log_pairs + 1));
    printf(" Iterations      = %24d\n", 0);
    printf(" Time in seconds = %24.2f\n", seconds);
    printf(" Total processes = %24d\n", processes);
    printf(" Active processes= %24d\n", processes);
    printf(" Mop/s total     = %24.2f\n", rate);
    printf(" Mop/s/process   = %24.2f\n", rate / processes);
    printf(" Operation type  = %24s\n", "Random numbers generated");
    printf(" Verification    = %24s\n", verified(size, sums) ? "SUCCESSFUL" : "UNSUCCESSFUL");
    printf(" Version         = %24s\n\n\n", "vcperf");
    fflush(stdout);
}

static int run_once(const struct class *size)
{
    double sums[SUMS] = {0};
    barrier();
    double start = seconds_now();
    compute(0, batches_of(size), sums);
    sum_of_all(sums, SUMS);
    double seconds = most_of_all(seconds_now() - start);
    if (rank == 0)
        report(size, sums, seconds);
    return verified(size, sums) ? 0 : 1;
}

static int run_until_sigterm(const struct class *size)
{
    const uint64_t batches = batches_of(size), step = STEP * (uint64_t)processes;
    double sums[SUMS] = {0};
    int steps = 0, wrong = 0;
    compute_batch(0, sums); /* so that `started` is true of all */
    memset(sums, 0, sizeof sums);
    barrier();
    if (rank == 0) {
        double now = seconds_now();
        printf(" EP repeat started: class %c processes %d at %.6f\n", size->name, processes, now);
        fflush(stdout);
    }
    for (uint64_t first = 0;;) {
        uint64_t past = batches - first > step ? first + step : batches;
        barrier();
        double start = seconds_now();
        int cut_short = !compute(first, past, sums);
        if (most_of_all(cut_short) > 0)
            break;
        const char *said = "UNFINISHED";
        if (past == batches) {
            sum_of_all(sums, SUMS);
            said = verified(size, sums) ? "SUCCESSFUL" : "UNSUCCESSFUL";
            wrong += !verified(size, sums);
            memset(sums, 0, sizeof sums);
        }
        double seconds = most_of_all(seconds_now() - start);
        steps++;
        if (rank == 0) {
            printf(" EP repeat %d: start %.6f end %.6f pairs %.0f Mop/s %.2f %s\n", steps, start,
                   start + seconds, (double)BATCH * (double)(past - first),
                   mops(past - first, seconds), said);
            fflush(stdout);
        }
        first = past == batches ? 0 : past;
    }
    take_what_was_told();
    if (rank == 0) {
        printf(" EP repeat stopped: steps %d at %.6f\n", steps, seconds_now());
        fflush(stdout);
    }
    return wrong ? 1 : 0;
}

int main(int argc, char **argv)
{
    const struct class *size = NULL;
    int repeat = 0;
    begin(&argc, &argv);
    for (int i = 1; i < argc; i++) {
        if (!strcmp(argv[i], "-repeat")) {
            repeat = 1;
            continue;
        }
        const struct class *found = NULL;
        for (size_t c = 0; c < sizeof classes / sizeof *classes; c++) {
            if (argv[i][0] == classes[c].name && argv[i][1] == '\0')
                found = &classes[c];
        }
        if (!found || size)
            stop("unknown argument ", argv[i]);
        size = found;
    }
    if (!size)
        stop("no class", "");
    if (repeat) {
        struct sigaction action = {.sa_handler = on_sigterm};
        sigaction(SIGTERM, &action, NULL);
    }
    int status = repeat ? run_until_sigterm(size) : run_once(size);
    end();
    return status;
}
