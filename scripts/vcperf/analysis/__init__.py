"""Statistics over tables; knows no testbed and no tool."""
