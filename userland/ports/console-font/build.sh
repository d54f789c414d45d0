dpkg-deb -x "$DOWNLOADS"/console-setup-linux_*.deb tree
mkdir -p "$OUT"
gzip -dc tree/usr/share/consolefonts/Uni2-Terminus16.psf.gz > "$OUT/font.psf"
