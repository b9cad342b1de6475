namespace Proxyless.Runs;

/// <summary>The result of <c>export</c>.</summary>
public sealed record ExportResult
{
    /// <summary>The model's file.</summary>
    public required string Model { get; init; }

    /// <summary>Its size in bytes.</summary>
    public required long Bytes { get; init; }

    /// <summary>The version of ONNX's operator set that it needs.</summary>
    public required int Opset { get; init; }

    /// <summary>The largest difference between a score of the model and of the network it was written from.</summary>
    public required double LargestDifference { get; init; }

    /// <summary>Number of images that were compared.</summary>
    public required int ComparedImages { get; init; }
}
