using Proxyless.Architectures;
using Proxyless.Networks;
using Proxyless.Pretrained;
using Proxyless.Runtime;
using static TorchSharp.torch;

namespace Proxyless.Tests.Pretrained;

/// <summary>Files of weights as other codes name them.</summary>
internal static class WeightsOfOthers
{
    /// <summary>Writes random weights of a pretrained network under the names of the ProxylessNAS authors.</summary>
    public static void Write(string file, string network)
    {
        PretrainedNetwork known = PretrainedNetworks.ByName(network);
        Write(file, known.Architecture, known.Depths);
    }

    /// <summary>Writes random weights of any network under the names of the ProxylessNAS authors.</summary>
    public static void Write(
        string file,
        Architecture architecture,
        IReadOnlyList<int> depths,
        int seed = 0,
        Action<CompactNetwork>? change = null
    )
    {
        Libtorch.Load();
        using var random = new CompactNetwork(architecture, new NetworkOptions { Seed = seed });
        change?.Invoke(random);
        var naming = new AuthorsNaming();
        List<(NetworkTensor Target, string Source)> pairs =
        [
            .. WeightsImport
                .LayersOf(random, depths, naming)
                .SelectMany(layer => WeightsImport.TensorsOf(layer.Layer, layer.Names)),
            (random.Head.Weight, $"{naming.Classifier}.weight"),
            (random.Head.Bias, $"{naming.Classifier}.bias"),
        ];
        (string Name, Tensor Value)[] tensors = [.. pairs.Select(pair => (pair.Source, pair.Target.Value))];
        SafeTensorsFile.Write(file, tensors, new Dictionary<string, string>());
    }
}
