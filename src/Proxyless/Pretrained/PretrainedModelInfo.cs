namespace Proxyless.Pretrained;

/// <summary>A network by others whose weights can be imported.</summary>
/// <param name="Name">What <see cref="PretrainedModel.Import"/> takes.</param>
/// <param name="Origin">Whose weights they are.</param>
/// <param name="License">Their license, as the origin states it.</param>
/// <param name="Resolution">Side of its images in pixels.</param>
/// <param name="Parameters">Number of parameters.</param>
/// <param name="MultiplyAdds">Multiply-adds for one image.</param>
/// <param name="PublishedTop1">Top-1 on ImageNet as the origin states it, in 0 to 1.</param>
public sealed record PretrainedModelInfo(
    string Name,
    string Origin,
    string License,
    int Resolution,
    long Parameters,
    long MultiplyAdds,
    double? PublishedTop1
);
