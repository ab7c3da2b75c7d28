"""Evidence reviews: what many studies say together of one question, and how sure that is."""
