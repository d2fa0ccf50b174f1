"""Linear algebra: a file for each factorisation, each primitive taking batches of matrices.

Leading axes of an operand are a batch. Values come from LAPACK, in NumPy's and SciPy's wrapping
for single operations, through `Native` roots in compiled programs: `routine` says both at once.
A factorisation that fails gives NaNs, for the matrices that it failed for.
"""
