"""The helpers of the book "CNN or LSTM? Hearing instruments".

What a chapter has shown in full, later chapters import from here. `runs` is plumbing that no
chapter teaches, and `commands` is the command `instruments`. The modules follow the flow of the
data: `profiles`, `notes`, `runs.files`, `runs.machine`, `runs.stores`, `datasets` -> `features`,
`runs.cache` -> `folds` -> `runs.quick`, `models` -> `evaluation` -> `runs.records`,
`runs.training`, `tuning`, `simple` -> `significance` -> `runs.study`, `runs.analysis` -> `plots`,
`runs.figures`, `listening`, `runs.findings`, `checks` (of the exercises). Each imports only from
those before it. Importing this package loads none of them; TensorFlow, librosa and matplotlib are
loaded when first used.
"""
