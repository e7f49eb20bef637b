"""
Answers written from the contract alone, by somebody who had not read the judge.
"""
