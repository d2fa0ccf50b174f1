"""Where every array of a program lives: outputs, one arena, the memory of a dying operand."""
