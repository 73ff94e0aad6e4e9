"""Draws figures from tables; knows no testbed and no tool."""
