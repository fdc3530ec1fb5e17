"""How things are said in French and in English: tables of words, numbers, dates; and no sentence of any page."""
