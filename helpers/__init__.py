"""The helpers of the book "CNN or LSTM? Hearing instruments".

What a chapter has shown in full, later chapters import from here. The modules follow the
flow of the data: `datasets` -> `features` -> `folds` -> `models` -> `records`, `training`,
`tuning` -> `evaluation`, `significance` -> `plots`, `listening`. Importing this package loads
none of them; TensorFlow, librosa and matplotlib are loaded when first used.
"""
