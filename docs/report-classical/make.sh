#!/bin/sh
# Makes everything in this folder, from the repository's root. DATA: the image sets.
# Stop it and run it again: it goes on.
set -eu
DATA=${DATA:-../shared/data}
METHODS=lp,rp,wavelet-max,dtcwt,cvt,nsct,cbf,wls,gtf,gff,msvd,latlrr,nsst-papcnn,csr

thermeld evaluate --sets vifb21 --data "$DATA" --methods $METHODS --convention vifb \
  --metrics AG,CE,EI,EN,MI,PSNR,RMSE,SF,SSIM,SD -o out/classical.parquet
thermeld evaluate --sets tno25 --data "$DATA" --methods $METHODS --convention tang \
  --metrics EN,SD,SF,MI,SCD,VIF,Qabf -o out/classical.parquet
# The panel is kept out of the page, which stays under a megabyte that way.
thermeld report out/classical.parquet -o out/classical-panel --panels scenes:6/night-0
thermeld report out/classical.parquet -o docs/report-classical --against maximum \
  --published docs/report/published.csv --title "Classical methods and the floors"
cp out/classical-panel/panel-1.jpg docs/report-classical/panel.jpg
