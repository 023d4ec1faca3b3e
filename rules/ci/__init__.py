"""Rules about pipelines, which `hclmod ci` runs; none of them runs by itself."""
