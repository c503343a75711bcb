"""A weighbridge made of arithmetic."""
