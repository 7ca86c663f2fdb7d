"""What one window knows, without a widget: parts that each hold one subject with signals of its own.

A part gets in its constructor the parts it needs, one way only, each from those before it:

    Worklist, Thumbnails, Reader          which records there are; who reads, and whether blind
    Names                                 what a record may be called now
    Telling                               every line and error that is told
    Paper                                 view, paper, theme, what lies over the trace
    Reading, ReadSteps                    the read of the open record; whether AI may be shown
    OpenRecord, Walk, Exposures           the open record and the way to the next
    Measuring                             what is measured of it, with the read's edits
    Answers                               what the models said, as far as it may be shown
    Mouse                                 what a drag over the trace does, what its menu offers
    Judging                               what the reader says of a model's reasons
    MaskAndAsk                            what is hidden from the models, and what they would say then
    OnePatient                            whether another ECG of the same patient ID looks like this patient's

`Workspace` makes them and closes them. A part tells a fact by its own signal once; who wants to know connects to
that part, not to one that passes it on.
"""
