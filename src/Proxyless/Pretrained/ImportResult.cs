namespace Proxyless.Pretrained;

/// <summary>What was imported.</summary>
public sealed record ImportResult
{
    /// <summary>The model that was written.</summary>
    public required string Model { get; init; }

    /// <summary>The network's name.</summary>
    public required string Network { get; init; }

    /// <summary>The state dict that was read; empty if the file itself is one.</summary>
    public required string StateDict { get; init; }

    /// <summary>Side of its images in pixels.</summary>
    public required int Resolution { get; init; }

    /// <summary>Number of its classes.</summary>
    public required int Classes { get; init; }

    /// <summary>Number of its parameters.</summary>
    public required long Parameters { get; init; }

    /// <summary>The largest difference between the scores of the network and of the model on images of noise.</summary>
    public required double LargestDifference { get; init; }
}
