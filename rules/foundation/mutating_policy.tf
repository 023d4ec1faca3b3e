# Writes Keel's annotations on the workloads of enrolled namespaces when they are created or changed.
resource "kubernetes_manifest" "inject_keel_annotations" {
  manifest = {
    apiVersion = "policies.kyverno.io/v1"
    kind       = "MutatingPolicy"
    metadata = {
      name = "inject-keel-annotations"
    }
    spec = {
      # Workloads pass without annotations while Kyverno does not answer.
      failurePolicy = "Ignore"
      evaluation = {
        admission = {
          enabled = true
        }
        mutateExisting = {
          enabled = false
        }
      }
      matchConstraints = {
        namespaceSelector = {
          matchLabels = {
            "keel.sh/enrolled" = "true"
          }
          matchExpressions = [
            {
              # The namespaces that are enrolled. No namespace can have the name NONE. An empty list is invalid.
              key      = "kubernetes.io/metadata.name"
              operator = "In"
              values   = ["NONE"]
            },
            {
              # Keel does not update itself, nor what it needs to run.
              key      = "kubernetes.io/metadata.name"
              operator = "NotIn"
              values   = ["keel", "kyverno", "kube-system"]
            },
          ]
        }
        resourceRules = [
          {
            apiGroups   = ["apps"]
            apiVersions = ["v1"]
            operations  = ["CREATE", "UPDATE"]
            resources   = ["deployments", "statefulsets", "daemonsets"]
          },
        ]
      }
      matchConditions = [
        {
          # One map has one owner: a workload that declares a policy, such as `never`, keeps its own.
          name       = "has-no-policy-of-its-own"
          expression = "!has(object.metadata.annotations) || !('keel.sh/policy' in object.metadata.annotations)"
        },
        {
          name       = "is-not-opted-out-by-label"
          expression = "!has(object.metadata.labels) || !('keel.sh/policy' in object.metadata.labels) || object.metadata.labels['keel.sh/policy'] != 'never'"
        },
        {
          # What Helm or another Terraform manages would be taken back by it.
          name       = "has-no-other-owner"
          expression = "!has(object.metadata.labels) || !('app.kubernetes.io/managed-by' in object.metadata.labels) || !(object.metadata.labels['app.kubernetes.io/managed-by'] in ['Helm', 'terraform'])"
        },
      ]
      mutations = [
        {
          patchType = "ApplyConfiguration"
          applyConfiguration = {
            # Without `matchTag` Keel would follow every tag of the repository.
            expression = <<-CEL
              Object{
                metadata: Object.metadata{
                  annotations: {
                    "keel.sh/policy": "force",
                    "keel.sh/matchTag": "true",
                    "keel.sh/trigger": "poll",
                    "keel.sh/pollSchedule": "@every 1h"
                  }
                }
              }
            CEL
          }
        },
      ]
    }
  }

  depends_on = [helm_release.kyverno]
}
