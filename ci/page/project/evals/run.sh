echo "$EVAL_MODEL"
