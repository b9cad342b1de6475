namespace Proxyless.Pretrained;

/// <summary>What is imported, and how.</summary>
public sealed record ImportOptions
{
    /// <summary>A file of weights: safetensors, or what <c>torch.save</c> writes.</summary>
    public required string Weights { get; init; }

    /// <summary>
    /// A name of <see cref="PretrainedModel.All"/>, or the file of an architecture: <c>architecture.json</c> or the
    /// authors' <c>net.config</c>.
    /// </summary>
    public required string Network { get; init; }

    /// <summary>The model to write.</summary>
    public required string Model { get; init; }

    /// <summary>Which of the file's state dicts; null: the moving average, if there is one.</summary>
    public string? StateDict { get; init; }

    /// <summary>
    /// A file of class names, one per line, as many as the classifier in the file of weights has; null: ImageNet's, if
    /// there are 1000.
    /// </summary>
    public string? Classes { get; init; }

    /// <summary>Side of the images in pixels; null: the network's own.</summary>
    public int? Resolution { get; init; }
}
