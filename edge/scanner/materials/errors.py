"""What can be wrong with a material calibration or with what it is asked about."""


class MaterialsError(Exception):
    """Wedges that no table can be made of, a file that is not ours, or a picture that misfits."""
