#!/bin/sh
# Makes everything in this folder, from the repository's root. DATA: the image sets;
# REFERENCE: fused images that others published. Stop it and run it again: it goes on.
set -eu
DATA=${DATA:-../shared/data}
REFERENCE=${REFERENCE:-../shared/reference/metrics}
METHODS=wavelet-max,thermeld-small,thermeld-nano,lwc-densefuse,light-tardal,tardal,scgrfuse-slim
METHODS=$METHODS,mobilefuse,mobilefuse-blending-only,mobilefuse-generative
for FILE in baselines/*.onnx; do METHODS=$METHODS,$FILE; done
SEVEN=EN,SD,SF,MI,SCD,VIF,Qabf

thermeld evaluate --sets vifb21 --data "$DATA" --methods "$METHODS" --color blend \
  --convention vifb --metrics AG,CE,EI,EN,MI,PSNR,RMSE,SF,SSIM,SD -o out/results.parquet
thermeld evaluate --sets tno25 roadscene50 m3fd msrs:val --data "$DATA" --methods "$METHODS" \
  --convention tang --metrics $SEVEN -o out/results.parquet
thermeld report out/results.parquet -o docs/report --against maximum \
  --published docs/report/published.csv --title "Trained networks and the floors" \
  --panels scenes:6/night-0 --panels scenes:6/day-fog-5

# All measures on all sets: what the papers' tables ask, similarity, contrast kept, targets seen.
RIVALS=wavelet-max,thermeld-small,thermeld-nano,lwc-densefuse,light-tardal,mobilefuse
RIVALS=$RIVALS,scgrfuse-slim
for NAME in densefuse ifcnn-unshared seafusion scgrfuse; do
  FILE=baselines/$NAME.onnx
  if [ -f "$FILE" ]; then RIVALS=$RIVALS,$FILE; fi
done
ALL="tno25 roadscene50 m3fd msrs:val vifb21"
thermeld evaluate --sets $ALL --data "$DATA" --methods "$RIVALS" \
  --convention tang --metrics $SEVEN,SSIM,MS_SSIM -o out/all.parquet
thermeld evaluate --sets $ALL --data "$DATA" --methods "$RIVALS" \
  --convention vifb --metrics AG,CE,EI,EN,MI,PSNR,RMSE,SF,SSIM,SD,Qcb,Qcv -o out/all.parquet
thermeld evaluate --sets $ALL --data "$DATA" --methods "$RIVALS" --convention paper \
  --metrics contrast_kept,person_visibility,car_visibility -o out/all.parquet
thermeld report out/all.parquet -o docs/report/all --title "All measures on all sets"

thermeld evaluate --sets msrs --data "$DATA" --methods mobilefuse \
  --fused SeAFusion="$REFERENCE/fused/msrs/SeAFusion" --common \
  --convention tang --metrics $SEVEN -o out/msrs.parquet
thermeld report out/msrs.parquet -o docs/report/msrs --against SeAFusion \
  --published docs/report/published.csv --title "SeAFusion on MSRS, recomputed"
