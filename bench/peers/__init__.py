"""Chat servers that people would run instead, as their own users would write and tune them."""
