"""The helpers of the book "CNN or LSTM? Hearing instruments".

What a chapter has shown in full, later chapters import from here. The modules follow the
flow of the data: `profiles`, `notes`, `stores`, `datasets` -> `features` -> `folds` -> `models` ->
`evaluation` -> `records`, `training`, `tuning` -> `significance` -> `plots`, `listening`,
`exercises`. Each imports only from those before it. Importing this package loads none of them;
TensorFlow, librosa and matplotlib are loaded when first used.
"""
