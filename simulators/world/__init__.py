"""Who and what passes: travellers, documents, goods, each from a seed."""
