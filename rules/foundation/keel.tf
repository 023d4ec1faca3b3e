resource "kubernetes_namespace" "keel" {
  metadata {
    name = "keel"
    labels = {
      tier = "tier"
    }
  }
}

resource "helm_release" "keel" {
  namespace        = kubernetes_namespace.keel.metadata[0].name
  create_namespace = false
  name             = "keel"

  repository = "https://charts.keel.sh"
  chart      = "keel"
  version    = "1.2.0"

  values = [yamlencode({
    image = {
      # The version of the chart does not say which Keel it installs.
      tag = "0.22.1"
    }

    # `enabled = false` stops all updates. The chart has no `replicaCount`.
    polling = {
      enabled         = true
      defaultSchedule = "@every 1h"
    }

    # Helm releases are updated by Terraform alone.
    helmProvider = {
      enabled = false
    }
  })]
}
