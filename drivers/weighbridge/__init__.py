"""A weighbridge that vehicles and goods stand on."""
