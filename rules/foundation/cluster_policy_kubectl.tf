# Writes Keel's annotations on the workloads of enrolled namespaces when they are created or changed.
resource "kubectl_manifest" "inject_keel_annotations" {
  yaml_body = yamlencode({
    apiVersion = "kyverno.io/v1"
    kind       = "ClusterPolicy"
    metadata = {
      name = "inject-keel-annotations"
    }
    spec = {
      # Workloads pass without annotations while Kyverno does not answer.
      failurePolicy = "Ignore"
      rules = [
        {
          name = "inject-keel-annotations"
          match = {
            any = [
              {
                resources = {
                  kinds      = ["Deployment", "StatefulSet", "DaemonSet"]
                  operations = ["CREATE", "UPDATE"]
                  # The namespaces that are enrolled. No namespace can have the name NONE. An empty list enrolls all.
                  namespaces = ["NONE"]
                  namespaceSelector = {
                    matchLabels = {
                      "keel.sh/enrolled" = "true"
                    }
                  }
                }
              },
            ]
          }
          exclude = {
            any = [
              {
                # Keel does not update itself, nor what it needs to run.
                resources = {
                  namespaces = ["keel", "kyverno", "kube-system"]
                }
              },
              {
                # One map has one owner: a workload that declares a policy, such as `never`, keeps its own.
                resources = {
                  annotations = {
                    "keel.sh/policy" = "*"
                  }
                }
              },
              {
                resources = {
                  selector = {
                    matchLabels = {
                      "keel.sh/policy" = "never"
                    }
                  }
                }
              },
              {
                # What Helm or another Terraform manages would be taken back by it.
                resources = {
                  selector = {
                    matchExpressions = [
                      {
                        key      = "app.kubernetes.io/managed-by"
                        operator = "In"
                        values   = ["Helm", "terraform"]
                      },
                    ]
                  }
                }
              },
            ]
          }
          mutate = {
            patchStrategicMerge = {
              metadata = {
                # Without `matchTag` Keel would follow every tag of the repository.
                annotations = {
                  "+(keel.sh/policy)"       = "force"
                  "+(keel.sh/matchTag)"     = "true"
                  "+(keel.sh/trigger)"      = "poll"
                  "+(keel.sh/pollSchedule)" = "@every 1h"
                }
              }
            }
          }
        },
      ]
    }
  })

  depends_on = [helm_release.kyverno]
}
