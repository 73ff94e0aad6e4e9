"""What records call the platforms that measured, where others must recognise it."""

EMULATED = "emulated by QEMU"
