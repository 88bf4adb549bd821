# Prints the fenced blocks of one language of a Markdown file, one after the other.
# usage: awk -v language=c -f blocks.awk FILE     (and -v number=2: the second block only)
$0 == "```" language { inside = 1; count++; next }
$0 == "```" { inside = 0 }
inside && (!number || number == count)
