/* A stand-in for osu_latency of the OSU micro-benchmarks, of which no package is to be had here, and
 * it says so. It measures a real ping-pong between two processes, with the options -m LEAST:GREATEST
 * and -i ITERATIONS, and prints the table of version 7.4 as its documentation shows it. */
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TAG = 1, WARM_UP = 20 };

int main(int argc, char **argv)
{
    long least = 1, greatest = 1 << 22;
    int iterations = 1000, rank, ranks;
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &ranks);
    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "-m") == 0)
            sscanf(argv[i + 1], "%ld:%ld", &least, &greatest);
        else if (strcmp(argv[i], "-i") == 0)
            iterations = atoi(argv[i + 1]);
    }
    if (ranks != 2) {
        if (rank == 0)
            fprintf(stderr, "This test requires exactly two processes\n");
        MPI_Finalize();
        return EXIT_FAILURE;
    }
    char *buffer = calloc(1, (size_t)greatest + 1);
    if (rank == 0) {
        printf("a stand-in for osu_latency: it measures, but is not of the OSU micro-benchmarks\n");
        printf("\n# OSU MPI Latency Test v7.4\n# Datatype: MPI_CHAR.\n");
        printf("# Size       Avg Latency(us)\n");
        fflush(stdout);
    }
    for (long size = least; size <= greatest; size *= 2) {
        double start = 0;
        MPI_Barrier(MPI_COMM_WORLD);
        for (int i = -WARM_UP; i < iterations; i++) {
            if (i == 0)
                start = MPI_Wtime();
            if (rank == 0) {
                MPI_Send(buffer, (int)size, MPI_CHAR, 1, TAG, MPI_COMM_WORLD);
                MPI_Recv(buffer, (int)size, MPI_CHAR, 1, TAG, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
            } else {
                MPI_Recv(buffer, (int)size, MPI_CHAR, 0, TAG, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
                MPI_Send(buffer, (int)size, MPI_CHAR, 0, TAG, MPI_COMM_WORLD);
            }
        }
        if (rank == 0) {
            printf("%-10ld%18.2f\n", size, (MPI_Wtime() - start) * 1e6 / 2 / iterations);
            fflush(stdout);
        }
    }
    free(buffer);
    MPI_Finalize();
    return EXIT_SUCCESS;
}
